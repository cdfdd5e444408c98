# Draws rows as tails.c prints them, as an SVG: a panel for each RTT, in it a group for each loss, in
# it a bar for each pair from p50 to p99 with a dot at p95; time is logarithmic. Greys and colours are
# of middle lightness, for light and dark pages alike.
# Usage: awk -f chart.awk ROWS

BEGIN {
    FS = "\t"
    LOW = 30; HIGH = 60000 # milliseconds
    TOP = 62; HEIGHT = 300; LEFT = 52; STEP = 8; GAP = 12; BETWEEN = 22
    split("#2f81f7 #6cb6e8 #e5702a #d0407e #8a63d2 #3a9d5d #9a8a2c", colours, " ")
}

{
    if (!($1 in seen_name)) { seen_name[$1]; names[++name_count] = $1 }
    if (!($3 in seen_rtt)) { seen_rtt[$3]; rtts[++rtt_count] = $3 }
    if (!($4 in seen_loss)) { seen_loss[$4]; losses[++loss_count] = $4 }
    for (i = 1; i <= 3; i++) time[$1, $3, $4, i] = $(6 + i)
}

function y_of(milliseconds,    t) {
    t = milliseconds < LOW ? LOW : milliseconds > HIGH ? HIGH : milliseconds
    return TOP + HEIGHT * (1 - log(t / LOW) / log(HIGH / LOW))
}

function text(x, y, anchor, string) {
    printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, string
}

function line(x1, y1, x2, y2, colour, width) {
    printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%s\"/>\n",
           x1, y1, x2, y2, colour, width
}

function draw_legend(    i, x) {
    x = LEFT
    for (i = 1; i <= name_count; i++) {
        line(x + 4, 8, x + 4, 24, colours[i], 4)
        text(x + 12, 20, "start", names[i])
        x += 30 + 6.4 * length(names[i])
    }
}

function draw_grid(left, width,    decade, i) {
    for (decade = 10; decade <= HIGH; decade *= 10)
        for (i = 1; i <= 9; i++)
            if (decade * i >= LOW && decade * i <= HIGH)
                line(left, y_of(decade * i), left + width, y_of(decade * i), "#808080",
                     i == 1 ? 0.8 : 0.2)
}

function draw_bar(x, name, rtt, loss, colour,    p50, p95, p99) {
    p50 = y_of(time[name, rtt, loss, 1])
    p95 = y_of(time[name, rtt, loss, 2])
    p99 = y_of(time[name, rtt, loss, 3])
    line(x, p50, x, p99, colour, 2)
    line(x - 3, p50, x + 3, p50, colour, 2)
    line(x - 3, p99, x + 3, p99, colour, 2)
    printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x, p95, colour
}

function draw_panel(left, width, rtt,    i, j, x) {
    draw_grid(left, width)
    text(left + width / 2, TOP - 12, "middle", "RTT " rtt " ms")
    for (j = 1; j <= loss_count; j++) {
        x = left + GAP / 2 + (j - 1) * group
        for (i = 1; i <= name_count; i++)
            draw_bar(x + (i - 0.5) * STEP, names[i], rtt, losses[j], colours[i])
        text(x + (group - GAP) / 2, TOP + HEIGHT + 16, "middle", losses[j] " %")
    }
}

END {
    group = name_count * STEP + GAP
    panel = loss_count * group
    width = LEFT + rtt_count * (panel + BETWEEN)
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\"", width, TOP + HEIGHT + 40
    print " font-family=\"sans-serif\" font-size=\"12\" fill=\"#808080\">"
    print "<title>Time to keys on both sides: p50 to p99, the dot is p95</title>"
    draw_legend()
    text(LEFT - 6, y_of(100) + 4, "end", "100 ms")
    text(LEFT - 6, y_of(1000) + 4, "end", "1 s")
    text(LEFT - 6, y_of(10000) + 4, "end", "10 s")
    for (i = 1; i <= rtt_count; i++) draw_panel(LEFT + (i - 1) * (panel + BETWEEN), panel, rtts[i])
    text(width / 2, TOP + HEIGHT + 34, "middle",
         "datagrams lost; time until both sides have their keys: bar from p50 to p99, dot at p95")
    print "</svg>"
}
