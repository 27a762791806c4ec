// Two ends of a measured call in one page, and one AudioContext for both: said and heard have the same clock, in samples.
const RATE = 48000;
const RECORDER = `
registerProcessor("recorder", class extends AudioWorkletProcessor {
  process([[channel]]) {
    const pcm = new Int16Array(128);
    if (channel) for (let i = 0; i < 128; i++) pcm[i] = Math.max(-1, Math.min(1, channel[i])) * 32767;
    this.port.postMessage([currentFrame, pcm]);
    return true;
  }
});`;

let audio, buffer;
const ends = [];

class End {
  constructor() {
    this.connection = new RTCPeerConnection({ rtcpMuxPolicy: "require" });
    this.heard = [];
    this.sink = audio.createMediaStreamDestination();
    this.connection.addTrack(this.sink.stream.getAudioTracks()[0], this.sink.stream);
    this.connection.addEventListener("track", ({ track }) => this.listen(new MediaStream([track])));
    this.opened = new Promise((resolve) => this.connection.addEventListener("connectionstatechange", () => {
      if (this.connection.connectionState === "connected") resolve();
    }));
  }
  listen(stream) {
    // WebAudio hears a remote stream only while an element plays it too.
    this.element = new Audio();
    this.element.srcObject = stream;
    this.element.muted = true;
    this.element.play();
    this.source = audio.createMediaStreamSource(stream);
    this.recorder = new AudioWorkletNode(audio, "recorder");
    this.recorder.port.onmessage = ({ data }) => { if (ends.speaking) this.heard.push(data); };
    this.source.connect(this.recorder).connect(audio.destination);
  }
  async described() {
    await this.connection.setLocalDescription();
    while (this.connection.iceGatheringState !== "complete")
      await new Promise((resolve) => this.connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
    return this.connection.localDescription.sdp;
  }
}

window.bench = {
  async start(base64) {
    audio = new AudioContext({ sampleRate: RATE });
    await audio.resume();
    await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })));
    const pcm = new Int16Array(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
    buffer = audio.createBuffer(1, pcm.length, RATE);
    buffer.getChannelData(0).set(Float32Array.from(pcm, (sample) => sample / 32768));
    ends.push(new End(), new End());
  },
  offer() { return ends[0].described(); },
  async answer(sdp) {
    await ends[1].connection.setRemoteDescription({ type: "offer", sdp });
    return ends[1].described();
  },
  accept(sdp) { return ends[0].connection.setRemoteDescription({ type: "answer", sdp }); },
  connected() { return Promise.all(ends.map((end) => end.opened)).then(() => true); },
  // The context's time, in seconds, at which both ends begin to speak.
  speak() {
    const source = audio.createBufferSource();
    source.buffer = buffer;
    for (const end of ends) source.connect(end.sink);
    const begin = Math.ceil((audio.currentTime + 0.1) * RATE) / RATE;
    source.start(begin);
    ends.speaking = true;
    return begin;
  },
  async usage() {
    let played = 0, absent = 0;
    for (const end of ends)
      (await end.connection.getStats()).forEach((row) => {
        if (row.type !== "inbound-rtp") return;
        played += row.totalSamplesReceived / RATE;
        absent += row.concealedSamples / RATE;
      });
    return { at: audio.currentTime, wall: performance.now() / 1000, played, absent };
  },
  // Of each end, the frame of the context at which its recording begins, and the recording.
  async report() {
    ends.speaking = false;
    return ends.map(({ heard }) => {
      const all = new Int16Array(heard.length * 128);
      heard.forEach(([, pcm], index) => all.set(pcm, index * 128));
      const bytes = new Uint8Array(all.buffer);
      let text = "";
      for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
      return { frame: heard.length ? heard[0][0] : 0, last: heard.length ? heard[heard.length - 1][0] : 0, pcm: btoa(text) };
    });
  },
};
