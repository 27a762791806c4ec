// The far end of a test call: JsSIP (`peer.…`), or a bare RTCPeerConnection (`bare.…`). browser.py injects this into an
// empty page and calls it; what happens goes back through two functions that it exposes: report(event) and heard(base64
// of 100 ms of s16 mono at 48 kHz).
import JsSIP from "jssip";

const RATE = 48000;
const RECORDER = `
registerProcessor("recorder", class extends AudioWorkletProcessor {
  constructor() { super(); this.chunk = new Int16Array(${RATE / 10}); this.filled = 0; }
  process([[channel]]) {
    const length = channel ? channel.length : 128;
    for (let i = 0; i < length; i++) {
      this.chunk[this.filled++] = channel ? Math.max(-1, Math.min(1, channel[i])) * 32767 : 0;
      if (this.filled === this.chunk.length) {
        this.port.postMessage(this.chunk.buffer, [this.chunk.buffer]);
        this.chunk = new Int16Array(${RATE / 10});
        this.filled = 0;
      }
    }
    return true;
  }
});`;
const SESSION_EVENTS = ["progress", "accepted", "confirmed", "ended", "failed", "hold", "unhold", "reinvite", "update",
  "peerconnection:createofferfailed", "peerconnection:createanswerfailed",
  "peerconnection:setlocaldescriptionfailed", "peerconnection:setremotedescriptionfailed"];

let settings, agent, session, bare, audio, voice, recording;

const report = (type, data = {}) => window.report({ type, ...data });

// One context makes the tone that is sent and records what arrives.
async function prepareAudio() {
  audio = new AudioContext({ sampleRate: RATE });
  await audio.resume();
  await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })));
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  const sink = audio.createMediaStreamDestination();
  oscillator.frequency.value = settings.tone || 440;
  gain.gain.value = settings.tone ? 0.4 : 0.0;
  oscillator.connect(gain).connect(sink);
  oscillator.start();
  const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  voice = settings.card ? await navigator.mediaDevices.getUserMedia({ audio: raw }) : sink.stream;
}

function record(stream) {
  recording?.stop();
  // WebAudio hears a remote stream only while an element plays it too.
  const element = new Audio();
  element.srcObject = stream;
  element.muted = !settings.card;
  element.play();
  if (settings.card) return; // what is played is recorded from the card
  const source = audio.createMediaStreamSource(stream);
  const recorder = new AudioWorkletNode(audio, "recorder");
  source.connect(recorder).connect(audio.destination);
  recorder.port.onmessage = ({ data }) => window.heard(btoa(String.fromCharCode(...new Uint8Array(data))));
  recording = { stop() { recorder.port.onmessage = null; source.disconnect(); recorder.disconnect(); element.srcObject = null; } };
  report("recording");
}

const mediaOptions = () => ({
  mediaStream: voice,
  pcConfig: { iceServers: [], rtcpMuxPolicy: "require" },
});

function details(event) {
  const response = event?.response ?? event?.message;
  return {
    originator: event?.originator,
    cause: event?.cause,
    status: response?.status_code,
    reason: response?.getHeader?.("Reason"),
    error: event instanceof Error ? String(event) : undefined,
  };
}

function extraHeaders(request) {
  const names = Object.keys(request.headers).filter((name) => name.startsWith("X-"));
  return Object.fromEntries(names.map((name) => [name, request.getHeader(name)]));
}

function watchConnection(connection) {
  connection.addEventListener("track", ({ track, streams }) => record(streams[0] ?? new MediaStream([track])));
  connection.addEventListener("connectionstatechange", () => report("media", { state: connection.connectionState }));
}

function newSession({ session: fresh, originator, request }) {
  session = fresh;
  for (const name of SESSION_EVENTS) fresh.on(name, (event) => report(name, details(event)));
  fresh.on("ended", () => { if (fresh === session) recording?.stop(); });  // another may have taken its place
  fresh.on("newDTMF", ({ originator: from, dtmf }) => report("dtmf", { originator: from, tone: dtmf.tone }));
  fresh.on("newInfo", ({ originator: from, info }) => report("info", { originator: from, body: info.body }));
  fresh.on("refer", ({ request, accept }) => {
    report("refer", { target: request.refer_to.uri.toString() });
    accept(undefined, mediaOptions());
  });
  fresh.on("replaces", ({ accept }) => { report("replaces"); accept(); });
  if (fresh.connection) watchConnection(fresh.connection);
  else fresh.on("peerconnection", ({ peerconnection }) => watchConnection(peerconnection));
  if (originator !== "remote") return;
  report("incoming", {
    from: request.from.uri.toString(),
    name: request.from.display_name,
    callId: request.call_id,
    headers: extraHeaders(request),
    offer: request.body,
  });
  if (settings.onCall === "answer") fresh.answer(mediaOptions());
  else if (typeof settings.onCall === "number") fresh.terminate({ status_code: settings.onCall });
}

window.peer = {
  async start(given) {
    settings = given;
    await prepareAudio();
    agent = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(settings.registrar)],
      uri: `sip:${settings.user}@${settings.domain}`,
      password: settings.password,
      display_name: settings.displayName,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 3,
    });
    for (const name of ["connected", "disconnected", "registered", "unregistered", "registrationFailed"])
      agent.on(name, (event) => report(name, details(event)));
    agent.on("newRTCSession", newSession);
    agent.on("newMessage", ({ originator, message, request }) => {
      report("message", { originator, body: request.body, about: request.getHeader("X-Message-Type") });
      if (originator === "remote") message.accept();
    });
    agent.start();
  },
  onCall(what) { settings.onCall = what; },
  call(target, headers) { agent.call(target, { ...mediaOptions(), extraHeaders: headers }); },
  answer() { session.answer(mediaOptions()); },
  end(status) { session.terminate(status ? { status_code: status } : {}); },
  hold() { return session.hold(); },
  unhold() { return session.unhold(); },
  restart() { return session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }); },
  refer(target) {
    const told = (name) => (event) => report(name, { status: event.status_line?.status_code });
    session.refer(target, { eventHandlers: {
      requestFailed: told("refer failed"), trying: told("trying"), accepted: told("transferred"),
      failed: told("transfer failed"),
    } });
  },
  message(body) { session.sendRequest("MESSAGE", { extraHeaders: ["Content-Type: application/json"], body }); },
  digits(tones, duration, via) { session.sendDTMF(tones, { duration, interToneGap: 100, transportType: via }); },
  stop() { agent.stop(); },
};

// Offers and answers are whole: with every candidate in them.
async function described() {
  await bare.setLocalDescription();
  while (bare.iceGatheringState !== "complete")
    await new Promise((resolve) => bare.addEventListener("icegatheringstatechange", resolve, { once: true }));
  return bare.localDescription.sdp;
}

window.bare = {
  async start(given) {
    settings = given;
    await prepareAudio();
    const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
    const certificates = settings.rsa ? [await RTCPeerConnection.generateCertificate(RSA)] : undefined;
    bare = new RTCPeerConnection({ rtcpMuxPolicy: "require", certificates });
    watchConnection(bare);
    bare.addTrack(voice.getAudioTracks()[0], voice);
  },
  offer(options) {
    if (options.restart) bare.restartIce();
    if (options.direction) bare.getTransceivers()[0].direction = options.direction;
    return described();
  },
  async answer(sdp) {
    await bare.setRemoteDescription({ type: "offer", sdp });
    return described();
  },
  accept(sdp) { return bare.setRemoteDescription({ type: "answer", sdp }); },
  digits(tones, duration) { bare.getSenders()[0].dtmf.insertDTMF(tones, duration, 100); },
  stop() { bare.close(); },
};

window.statistics = async () => {
  const rows = [];
  (await (bare ?? session.connection).getStats()).forEach((row) => rows.push(row));
  return rows;
};
