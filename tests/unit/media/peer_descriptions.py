"""Session descriptions as real far ends write them."""

FINGERPRINT = ":".join(["5A"] * 32)


def text(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in lines)


CHROMIUM_OFFER = text(
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "a=extmap-allow-mixed",
    "a=msid-semantic: WMS 9b0a4f0e-64a0-4b4d-9c2d-2b1f2c1f3f6e",
    "m=audio 53211 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
    "c=IN IP4 192.168.1.7",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=candidate:1467250027 1 udp 2122260223 192.168.1.7 53211 typ host generation 0 network-id 1 network-cost 10",
    "a=candidate:1467250027 1 udp 2122194687 5d2b7ca4-7e1e-44b6-8a5e-0ed4ec7a1a51.local 46154 typ host generation 0",
    "a=candidate:435653019 1 tcp 1845501695 192.168.1.7 9 typ host tcptype active generation 0 network-id 1",
    "a=candidate:842163049 1 udp 1677729535 203.0.113.9 46154 typ srflx raddr 192.168.1.7 rport 53211 generation 0",
    "a=ice-ufrag:E7xa",
    "a=ice-pwd:7zXQdrNfV8ORdQ6cZ7qK1pU4",
    "a=ice-options:trickle",
    f"a=fingerprint:sha-256 {FINGERPRINT}",
    "a=setup:actpass",
    "a=mid:0",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "a=sendrecv",
    "a=msid:9b0a4f0e-64a0-4b4d-9c2d-2b1f2c1f3f6e 4c3ef4a5-02a7-4f9d-9ad6-7a9e8e3d3c11",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:13 CN/8000",
    "a=rtpmap:110 telephone-event/48000",
    "a=rtpmap:126 telephone-event/8000",
    "a=ssrc:3735928559 cname:Vh0p3Qm1xYk7sX2a",
    "a=ssrc:3735928559 msid:9b0a4f0e-64a0-4b4d-9c2d-2b1f2c1f3f6e 4c3ef4a5-02a7-4f9d-9ad6-7a9e8e3d3c11",
)

CHROMIUM_VIDEO_OFFER = (
    CHROMIUM_OFFER.replace("a=group:BUNDLE 0", "a=group:BUNDLE 1 0 2").replace("m=audio", "@", 1).split("@")[0]
    + text(
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "c=IN IP4 0.0.0.0",
        "a=mid:1",
        "a=sendrecv",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
    )
    + "m=audio"
    + CHROMIUM_OFFER.split("m=audio")[1]
    + text("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2", "a=sctp-port:5000")
)

PBX_OFFER = text(
    "v=0",
    "o=root 1821 1822 IN IP4 198.51.100.4",
    "s=session",
    "c=IN IP4 198.51.100.4",
    "t=0 0",
    "a=ice-lite",
    "a=ice-ufrag:9dV2qPmA",
    "a=ice-pwd:Kq8y1XyWmHq0vG1pV0F8mZpQ",
    f"a=fingerprint:SHA-256 {FINGERPRINT.lower()}",
    "a=setup:actpass",
    "m=audio 18034 UDP/TLS/RTP/SAVP 0 8 107 101",
    "a=candidate:Hc6336404 1 UDP 2130706431 198.51.100.4 18034 typ host",
    "a=candidate:Hc6336404 2 UDP 2130706430 198.51.100.4 18035 typ host",
    "a=rtpmap:107 opus/48000/2",
    "a=fmtp:107 maxaveragebitrate=16000;usedtx=1",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-16",
    "a=rtpmap:121 speex/8000",
    "a=fmtp:122 mode=1",
    "a=ptime:30",
    "a=maxptime:150",
    "a=rtcp-mux",
)
"""No mid, no direction, static payload types without a=rtpmap, orphans, everything at the session's level."""

IPV6_OFFER = (
    CHROMIUM_OFFER.replace("IP4 192.168.1.7", "IP6 2001:db8::7")
    .replace("udp 2122260223 192.168.1.7", "udp 2122260223 2001:db8::7")
    .replace(
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        f"a=fingerprint:sha-1 {FINGERPRINT[:59]}\r\na=fingerprint:sha-256 {FINGERPRINT}",
    )
)

PLAIN_OFFER = text(
    "v=0",
    "o=- 1 1 IN IP4 198.51.100.4",
    "s=-",
    "c=IN IP4 198.51.100.4",
    "t=0 0",
    "m=audio 4000 RTP/AVP 0 8 101",
    "a=rtpmap:101 telephone-event/8000",
)

SDES_OFFER = PLAIN_OFFER.replace("RTP/AVP", "RTP/SAVP") + text(
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
)

USABLE = (CHROMIUM_OFFER, CHROMIUM_VIDEO_OFFER, PBX_OFFER, IPV6_OFFER)
EVERY = (*USABLE, PLAIN_OFFER, SDES_OFFER)
