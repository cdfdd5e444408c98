# Makes a page in Markdown of rows as tails.c prints them: a table for each RTT, the aim, and where a
# peer is ahead of us.
# Usage: awk -v machine=WHERE -f table.awk ROWS

BEGIN { FS = "\t" }

{
    name = $1
    cell = $3 SUBSEP $4
    if (!(name in clock)) names[++name_count] = name
    if (!($3 in seen_rtt)) { seen_rtt[$3]; rtts[++rtt_count] = $3 }
    if (!($4 in seen_loss)) { seen_loss[$4]; losses[++loss_count] = $4 }
    clock[name] = $2
    handshakes[name] = $5
    unfinished[name, cell] = $6
    for (i = 1; i <= 3; i++) time[name, cell, i] = $(6 + i)
    datagrams[name, cell] = $10
}

function is_ours(name) { return name ~ /^rtpgate/ }

function entry(name, cell,    text) {
    text = sprintf("%.0f / %.0f / %.0f; %.1f", time[name, cell, 1], time[name, cell, 2],
                   time[name, cell, 3], datagrams[name, cell])
    return unfinished[name, cell] > 0 ? text " (" unfinished[name, cell] " never)" : text
}

function print_table(rtt,    i, j) {
    printf "\n## RTT %d ms\n\n| pair |", rtt
    for (j = 1; j <= loss_count; j++) printf " %d %% lost |", losses[j]
    printf "\n|---|"
    for (j = 1; j <= loss_count; j++) printf "---|"
    printf "\n"
    for (i = 1; i <= name_count; i++) {
        printf "| %s |", names[i]
        for (j = 1; j <= loss_count; j++) printf " %s |", entry(names[i], rtt SUBSEP losses[j])
        printf "\n"
    }
}

# Our worst cell against one peer, among those in which it is ahead by more than 5 %.
function print_ahead(ours, peer,    i, j, k, cell, ratio, worst, count, where) {
    for (i = 1; i <= rtt_count; i++)
        for (j = 1; j <= loss_count; j++)
            for (k = 1; k <= 3; k++) {
                cell = rtts[i] SUBSEP losses[j]
                ratio = time[ours, cell, k] / time[peer, cell, k]
                if (ratio <= 1.05) continue
                count++
                if (ratio <= worst) continue
                worst = ratio
                where = sprintf("%s at %d %% and %d ms, %.1f datagrams against %.1f",
                                percentile[k], losses[j], rtts[i], datagrams[peer, cell],
                                datagrams[ours, cell])
            }
    if (count > 0)
        printf "- %s is ahead of %s in %d of %d; at most %.2f times (%s).\n", peer, ours, count,
               3 * rtt_count * loss_count, worst, where
    return count
}

# Without loss a handshake takes two round trips: what is beyond is the machine.
function print_busy(name,    i, beyond, most) {
    for (i = 1; i <= rtt_count; i++) {
        beyond = time[name, rtts[i] SUBSEP 0, 1] - 2 * rtts[i]
        if (beyond > most) most = beyond
    }
    if (most > 2)
        printf "\n**The machine was too busy for %s: its times are up to %.0f ms too long; run it again.**\n",
               name, most
}

END {
    split("p50 p95 p99", percentile, " ")
    print "# Time to keys over networks that lose datagrams\n"
    print "Made by `sh tests/bench.sh tails`. p50 / p95 / p99 of the milliseconds until both sides have the"
    print "same keys; then datagrams a handshake, both sides together. Each pair is two peers of one kind:"
    print "mutual self-signed P-256 certificates, use_srtp, MTU 1200, no cookies. Each datagram is lost with"
    print "the same probability. Virtual time is that of the timers alone; in real time all timers and the link"
    print "run 20 times slower, and the measured time is divided by 20, so that the processor's time hardly counts.\n"
    print "Machine: " machine ".\n"
    for (i = 1; i <= name_count; i++)
        printf "- %s: %d handshakes a cell; %s time\n", names[i], handshakes[names[i]], clock[names[i]]
    for (i = 1; i <= name_count; i++) print_busy(names[i])
    for (i = 1; i <= rtt_count; i++) print_table(rtts[i])
    print "\n## Ratios\n"
    for (i = 1; i <= name_count; i++)
        if (is_ours(names[i])) {
            cell = 50 SUBSEP 5
            printf "- p95 at 5 %% and 50 ms: %s takes %.3f of what GnuTLS takes.\n", names[i],
                   time[names[i], cell, 2] / time["GnuTLS", cell, 2]
        }
    for (i = 1; i <= name_count; i++)
        for (j = 1; is_ours(names[i]) && j <= name_count; j++)
            if (!is_ours(names[j])) ahead += print_ahead(names[i], names[j])
    if (ahead == 0) print "- No peer is ahead by more than 5 % in time in any cell."
}
