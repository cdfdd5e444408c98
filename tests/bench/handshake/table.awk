# Makes a page in Markdown of the rows that run.sh gathers.
# Usage: awk -v machine=WHERE -v rounds=N -v count=N -v pairs=N -f table.awk ROWS

BEGIN { FS = "\t" }

$1 == "time" {
    if (!($2 in taken)) names[++name_count] = $2
    time[$2, ++taken[$2]] = $3
}
$1 == "heap" { heap[$2] = $3 }
$1 == "instructions" {
    if (!($5 in seen)) { seen[$5]; libraries[++library_count] = $5 }
    cost[$2, $5] += ($3 == 30 ? $4 : -$4) / 20
}

function median(name,    i, j, n, t, sorted) {
    n = taken[name]
    for (i = 1; i <= n; i++) {
        t = time[name, i]
        for (j = i - 1; j > 0 && sorted[j] > t; j--) sorted[j + 1] = sorted[j]
        sorted[j + 1] = t
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function print_instructions(    i, name, total_ours, total_theirs) {
    print "\n## Instructions a handshake, in thousands, both sides (callgrind)\n"
    print "| library | rtpgate | GnuTLS | difference |\n|---|---|---|---|"
    for (i = 1; i <= library_count; i++) {
        name = libraries[i]
        total_ours += cost["rtpgate", name]
        total_theirs += cost["GnuTLS", name]
        if (cost["rtpgate", name] + cost["GnuTLS", name] < 2000) continue
        printf "| %s | %.0f | %.0f | %+.0f |\n", name == "handshake" ? "the program itself" : name,
               cost["rtpgate", name] / 1000, cost["GnuTLS", name] / 1000,
               (cost["rtpgate", name] - cost["GnuTLS", name]) / 1000
    }
    printf "| all | %.0f | %.0f | %+.0f |\n", total_ours / 1000, total_theirs / 1000,
           (total_ours - total_theirs) / 1000
}

END {
    print "# What a handshake costs\n"
    print "Made by `sh tests/bench.sh handshake`. Both sides in one process: X25519, AES-128-GCM, P-256 certificates"
    print "from both sides that are made once, use_srtp, MTU 1200, a queue in memory; each side compares the other's"
    print "fingerprint and exports 60 bytes; then both are freed. The processor's time is the median of " rounds
    print "rounds in which the kinds take turns, with " count " handshakes each. Heap is that of an established peer,"
    print "with " pairs " pairs kept (pion: heap and stacks; it runs with GOMAXPROCS=1).\n"
    print "Machine: " machine ".\n"
    print "| pair | us a handshake | handshakes a second | time, ratio to GnuTLS | heap a peer, bytes |"
    print "|---|---|---|---|---|"
    for (i = 1; i <= name_count; i++) {
        name = names[i]
        printf "| %s | %.0f | %.0f | %.2f | %d |\n", name, median(name), 1e6 / median(name),
               median(name) / median("GnuTLS"), heap[name]
    }
    print_instructions()
}
