# Makes a page in Markdown of the rows that run.sh gathers.
# Usage: awk -v machine=WHERE -v rounds=N -v count=N -v pairs=N -f table.awk ROWS

BEGIN { FS = "\t" }

$1 == "time" {
    if (!($2 in taken)) names[++name_count] = $2
    time[$2, ++taken[$2]] = $3
}
$1 == "heap" {
    peers[++peer_count] = $2
    heap[$2] = $3
}
$1 == "instructions" {
    if (!($5 in seen)) { seen[$5]; libraries[++library_count] = $5 }
    if (!($2 in counted)) { counted[$2]; kinds[++kind_count] = $2 } # GnuTLS is the last
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

function print_instructions(    i, k, row, total, this, most) {
    print "\n## Instructions a handshake, in thousands, both sides (callgrind)\n"
    row = "| library |"
    for (k = 1; k <= kind_count; k++) row = row " " kinds[k] " |"
    print row "\n|---|---|---|---|"
    for (i = 1; i <= library_count; i++) {
        row = "| " (libraries[i] == "handshake" ? "the program itself" : libraries[i]) " |"
        most = 0
        for (k = 1; k <= kind_count; k++) {
            this = cost[kinds[k], libraries[i]]
            total[k] += this
            if (this > most) most = this
            row = row sprintf(" %.0f |", this / 1000)
        }
        if (most >= 1000) print row
    }
    row = "| all |"
    for (k = 1; k <= kind_count; k++) row = row sprintf(" %.0f |", total[k] / 1000)
    print row
    row = "| more than GnuTLS |"
    for (k = 1; k <= kind_count; k++) {
        this = total[k] - total[kind_count]
        row = row sprintf(" %.0f (%.1f %%) |", this / 1000, 100 * this / total[kind_count])
    }
    print row
}

END {
    print "# What a handshake costs\n"
    print "Made by `sh tests/bench.sh handshake`. Both sides in one process: X25519, AES-128-GCM, P-256 certificates"
    print "from both sides that are made once, use_srtp, MTU 1200, a queue in memory; each side compares the other's"
    print "fingerprint and exports 60 bytes; then both are freed. The processor's time is the median of " rounds
    print "rounds in which the kinds take turns, with " count " handshakes each. Heap is that of an established peer,"
    print "with " pairs " pairs kept (pion: heap and stacks; it runs with GOMAXPROCS=1); SRTP is both directions of"
    print "AEAD_AES_128_GCM, in use when RTP and RTCP of one SSRC passed each way (other profiles: [SRTP](../srtp/srtp.md)).\n"
    print "Machine: " machine ".\n"
    print "| pair | us a handshake | handshakes a second | time, ratio to GnuTLS |"
    print "|---|---|---|---|"
    for (i = 1; i <= name_count; i++) {
        name = names[i]
        printf "| %s | %.0f | %.0f | %.2f |\n", name, median(name), 1e6 / median(name),
               median(name) / median("GnuTLS")
    }
    print "\n## Heap of an established peer, in bytes\n"
    print "| peer | bytes |\n|---|---|"
    for (i = 1; i <= peer_count; i++) printf "| %s | %d |\n", peers[i], heap[peers[i]]
    print_instructions()
}
