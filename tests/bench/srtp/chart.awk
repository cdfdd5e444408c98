# Medians to SVG: a panel for each profile, a group of bars for each size, shorter is better.
BEGIN {
    FS = ";"
    profiles = split("AEAD_AES_128_GCM AEAD_AES_256_GCM AES128_CM_SHA1_80 AES128_CM_SHA1_32", profile, " ")
    sizes = split("100 500 1200", size, " ")
    bars = split("rtpgate pion libsrtp", bar, " ")
    split("#2f9e6e #5b8fd6 #d08a3c", colour, " ")
    label["rtpgate"] = "rtpgate"
    label["pion"] = "pion/srtp"
    label["libsrtp"] = "libsrtp2 as Debian ships it"
    width = 400 # of a panel
    height = 210
    left = 62
    room = 270 # of the longest bar
}
{ ns[$1, $2, $3, $4] = $5 }
function text(x, y, class, anchor, what) {
    printf "<text x=\"%d\" y=\"%d\" class=\"%s\" text-anchor=\"%s\">%s</text>\n", x, y, class, anchor, what
}
function rectangle(x, y, w, h, fill) {
    printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n", x, y, w, h, fill
}
function panel(name, x, y, i, j, at, value, most, floor) {
    most = 0
    for (i in ns) {
        split(i, part, SUBSEP)
        if (part[2] == name && part[4] == "protect" && part[1] in label && ns[i] > most) most = ns[i]
    }
    text(x + left, y + 14, "title", "start", name)
    for (i = 1; i <= sizes; i++) {
        at = y + 26 + (i - 1) * 58
        text(x + left - 8, at + 28, "", "end", size[i] " B")
        for (j = 1; j <= bars; j++) {
            if (!((bar[j], name, size[i], "protect") in ns)) {
                text(x + left + 4, at + 14, "", "start", "has no such profile")
            } else {
                value = ns[bar[j], name, size[i], "protect"]
                rectangle(x + left, at + 3, value / most * room, 13, colour[j])
                text(x + left + value / most * room + 5, at + 14, "", "start", sprintf("%.0f", value))
            }
            at += 16
        }
        floor = ns["GnuTLS and nettle", name, size[i], "protect"] / most * room
        at = y + 26 + (i - 1) * 58
        printf "<path d=\"M%.1f %d v48\" class=\"floor\"/>\n", x + left + floor, at
    }
}
END {
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n", 2 * width, 2 * height + 66
    print "<title>Nanoseconds of CPU to protect one RTP packet</title>"
    # One grey that can be read on white and on black, better ones where the background is known.
    print "<style>svg{color:#6e7781}text{font:12px system-ui,sans-serif;fill:currentColor}"
    print ".title{font-weight:600;font-size:13px}.floor{stroke:currentColor;stroke-width:1.2;stroke-dasharray:3 2}"
    print "@media(prefers-color-scheme:light){svg{color:#24292f}}"
    print "@media(prefers-color-scheme:dark){svg{color:#e2e6ea}}</style>"
    text(left, 18, "title", "start", "CPU nanoseconds to protect one RTP packet (shorter is better)")
    at = left
    for (j = 1; j <= bars; j++) {
        rectangle(at, 30, 12, 12, colour[j])
        text(at + 18, 40, "", "start", label[bar[j]])
        at += 46 + 6.6 * length(label[bar[j]])
    }
    printf "<path d=\"M%.1f 29 v14\" class=\"floor\"/>\n", at + 6
    text(at + 14, 40, "", "start", "the ciphers alone, without SRTP")
    for (i = 1; i <= profiles; i++) panel(profile[i], (i - 1) % 2 * width, 62 + int((i - 1) / 2) * height)
    print "</svg>"
}
