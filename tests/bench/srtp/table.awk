# Makes a page in Markdown of the medians and instructions that run.sh gathers.
# Usage: awk -v machine=WHERE -v rounds=N -f table.awk MEDIANS INSTRUCTIONS
BEGIN {
    FS = ";"
    profiles = split("AEAD_AES_128_GCM AEAD_AES_256_GCM AES128_CM_SHA1_80 AES128_CM_SHA1_32", profile, " ")
    packets = split("100;500;1200;RTCP 100", packet)
    ways = split("protect unprotect", way, " ")
    stacks = split("rtpgate libsrtp pion", stack, " ")
    cells = split("AEAD_AES_128_GCM;100 AEAD_AES_128_GCM;1200 AES128_CM_SHA1_80;100 AES128_CM_SHA1_80;1200", cell, " ")
    layers = split("libgnutls;libnettle;libc;libsrtp2;its ciphers;its media layer", layer)
    text["libgnutls"] = "GnuTLS"
    text["libnettle"] = "nettle"
    text["libc"] = "C library"
    text["libsrtp2"] = "libsrtp"
    text["its ciphers"] = "rtpgate: between libsrtp and the ciphers"
    text["its media layer"] = "rtpgate: above libsrtp"
}
FNR == NR { value[$1, $2, $3, $4] = $5; next }
{ instructions[$1, $2 ";" $3, $4] += $5 }

function compared(who, key) { # with how many times ours it is
    if (!((who SUBSEP key) in value)) return "-"
    return sprintf("%.0f (%.2f)", value[who, key], value[who, key] / value["rtpgate", key])
}
function print_times(    i, j, k, key) {
    print "\n## Nanoseconds of the processor a packet\n"
    print "In brackets: how many times ours. Our layer: rtpgate less libsrtp with rtpgate's ciphers. Ciphers alone:"
    print "encryption and authentication without SRTP, by what rtpgate uses (GnuTLS, nettle) and by OpenSSL's EVP.\n"
    print "| profile | bytes | | rtpgate | libsrtp | pion | our layer | ciphers alone | of OpenSSL |"
    print "|---|---:|---|---:|---:|---:|---:|---:|---:|"
    for (i = 1; i <= profiles; i++)
        for (j = 1; j <= packets; j++)
            for (k = 1; k <= ways; k++) {
                key = profile[i] SUBSEP packet[j] SUBSEP way[k]
                printf "| %s | %s | %s | %.0f | %s | %s | %.0f | %s | %s |\n", profile[i], packet[j],
                    way[k], value["rtpgate", key], compared("libsrtp", key), compared("pion", key),
                    value["rtpgate", key] - value["libsrtp+ciphers", key],
                    compared("GnuTLS and nettle", key), compared("OpenSSL", key)
            }
}
function print_heap(    i, j, key, row) {
    print "\n## Heap of both directions of an association, in bytes\n"
    print "Made: no packet came yet. In use: RTP and RTCP of one SSRC passed each way.\n"
    print "| profile | rtpgate, made | in use | libsrtp, made | in use | pion, made | in use |"
    print "|---|---:|---:|---:|---:|---:|---:|"
    for (i = 1; i <= profiles; i++) {
        row = "| " profile[i] " |"
        for (j = 1; j <= stacks; j++) {
            key = stack[j] SUBSEP profile[i]
            row = row (((key SUBSEP "made" SUBSEP "heap") in value) ? sprintf(" %d | %d |",
                value[key, "made", "heap"], value[key, "in use", "heap"]) : " - | - |")
        }
        print row
    }
}
function print_row(name, contender, which,    i, row) {
    row = "| " name " |"
    for (i = 1; i <= cells; i++) {
        row = row sprintf(" %.0f |", instructions[contender, cell[i], which])
        total[i] += instructions[contender, cell[i], which]
    }
    print row
}
function print_instructions(    i, j, row) {
    print "\n## Instructions a packet (callgrind; mean of protect and unprotect)\n"
    print "callgrind has no SHA-NI: nettle's are those of its plain SHA-1.\n"
    row = "| where |"
    for (i = 1; i <= cells; i++) {
        row = row " " cell[i] " |"
        sub(/;/, ", ", row)
    }
    print row "\n|---|---:|---:|---:|---:|"
    for (j = 1; j <= layers; j++) print_row(text[layer[j]], "rtpgate", layer[j])
    row = "| all |"
    for (i = 1; i <= cells; i++) row = row sprintf(" %.0f |", total[i])
    print row
    row = "| the ciphers alone |"
    for (i = 1; i <= cells; i++) {
        total[i] = 0
        for (j = 1; j <= 3; j++) total[i] += instructions["GnuTLS and nettle", cell[i], layer[j]]
        row = row sprintf(" %.0f |", total[i])
    }
    print row
}
END {
    print "# What SRTP costs\n"
    print "Made by `sh tests/bench.sh srtp`. One thread, one SSRC, in place, a replay window of 1024; the processor's time is"
    print "the median of " rounds " rounds in which the contenders take turns. libsrtp: as Debian ships it, on NSS. pion: pion/srtp"
    print "with GOMAXPROCS=1; it has no AEAD_AES_256_GCM.\n"
    print "Machine: " machine "."
    print_times()
    print_heap()
    print_instructions()
}
