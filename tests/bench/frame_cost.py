"""What 20 ms of a call cost in processor time, both ways, without the network: `python -m tests.bench.frame_cost`."""

import time

from appliance.media.capture import Capture
from appliance.media.codec import Decoder, Encoder
from appliance.media.frame import FRAME
from appliance.media.g711 import G711Decoder, G711Encoder, Law
from appliance.media.opus import OpusDecoder, OpusEncoder, version
from appliance.media.packet import parse
from appliance.media.playout import PayloadFormat, Playout
from appliance.units import Seconds
from tests.unit.media.voice import voice

SECONDS = 20
ROUNDS = 3


def cost(encoder: Encoder, decoder: Decoder, clock_rate: int) -> tuple[float, float]:
    """Microseconds of processor time for 20 ms: capture, playout."""
    capture = Capture(encoder, ssrc=1, payload_type=0, clock_rate=clock_rate, sequence_number=0, timestamp=0)
    playout = Playout([PayloadFormat(0, clock_rate, decoder)])
    sound = voice(float(SECONDS))
    sending = receiving = 0.0
    for index in range(sound.size // FRAME):
        now = Seconds(1_000.0 + 0.01 * index)
        frame = sound[index * FRAME : (index + 1) * FRAME]
        start = time.process_time()
        packet = capture.frame(frame)
        data = None if packet is None else packet.serialise()
        middle = time.process_time()
        received = None if data is None else parse(data)
        if received is not None:
            playout.arrived(received, now)
        playout.next_frame(now)
        sending += middle - start
        receiving += time.process_time() - middle
    periods = SECONDS * 50
    return sending / periods * 1e6, receiving / periods * 1e6


def main() -> None:
    """Print the best of some rounds for each codec."""
    print(version())
    for name, encoder, decoder, clock_rate in (
        ("opus", OpusEncoder, OpusDecoder, 48_000),
        ("PCMU", lambda: G711Encoder(Law.MU), lambda: G711Decoder(Law.MU), 8_000),
    ):
        sending, receiving = min((cost(encoder(), decoder(), clock_rate) for _ in range(ROUNDS)), key=sum)
        print(f"{name}: {sending:.0f} us to send 20 ms, {receiving:.0f} us to receive 20 ms")


if __name__ == "__main__":
    main()
