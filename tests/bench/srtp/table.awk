# Medians to Markdown: nanoseconds of CPU a packet.
BEGIN {
    FS = ";"
    profiles = split("AEAD_AES_128_GCM AEAD_AES_256_GCM AES128_CM_SHA1_80 AES128_CM_SHA1_32", profile, " ")
    sizes = split("100 500 1200", size, " ")
    ways = split("protect unprotect", way, " ")
}
{ ns[$1, $2, $3, $4] = $5 }
function cell(who, key) { # with how many times ours it is
    if (!((who SUBSEP key) in ns)) return "-"
    return sprintf("%.0f (%.2fx)", ns[who, key], ns[who, key] / ns["rtpgate", key])
}
END {
    print "| profile | bytes | | rtpgate | libsrtp | pion | our layer | primitives | of OpenSSL |"
    print "|---|---:|---|---:|---:|---:|---:|---:|---:|"
    for (i = 1; i <= profiles; i++)
        for (j = 1; j <= sizes; j++)
            for (k = 1; k <= ways; k++) {
                key = profile[i] SUBSEP size[j] SUBSEP way[k]
                printf "| %s | %d | %s | %.0f | %s | %s | %.0f | %s | %s |\n", profile[i], size[j],
                    way[k], ns["rtpgate", key], cell("libsrtp", key), cell("pion", key),
                    ns["rtpgate", key] - ns["libsrtp+ciphers", key],
                    cell("GnuTLS and nettle", key), cell("OpenSSL", key)
            }
    print ""
    print "Nanoseconds of CPU a packet, in place, one thread. libsrtp: as Debian ships it. Our layer: rtpgate less"
    print "libsrtp with rtpgate's ciphers. Primitives: encryption and authentication alone, without SRTP, by what"
    print "rtpgate uses (GnuTLS, nettle) and by OpenSSL's EVP."
}
