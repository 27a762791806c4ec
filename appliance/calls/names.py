"""Every name of the documents of two browser calling SDKs, and what it is called here.

The first SDK's documents describe a client with its options, methods, objects and events; the second's a `Call` object.
Where a device differs from a browser, the note says how; the docstring of what is named says it in full.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a name is in its document."""

    VARIABLE = "variable"
    METHOD = "method"
    OBJECT = "object"
    OPTION = "option"
    EVENT = "event"
    FIELD = "field"
    CALL = "call"
    """A method or property of the second SDK's `Call`."""
    CALL_EVENT = "call event"
    """An event of the second SDK's `Call`."""


@dataclass(frozen=True, slots=True)
class Name:
    """`document` as it is written there; `here` the dotted names that do what it does."""

    document: str
    kind: Kind
    here: tuple[str, ...]
    note: str = ""


def _names(kind: Kind, rows: str) -> Iterable[Name]:
    """One row a name: `document = here, here ; note`."""
    for row in rows.strip().splitlines():
        names, _, note = row.partition(";")
        document, _, here = names.partition("=")
        yield Name(document.strip(), kind, tuple(each.strip() for each in here.split(",")), note.strip())


NAMES: Final = (
    *_names(
        Kind.VARIABLE,
        """
        version = Client.version
        isLoggedIn = Client.is_logged_in
        """,
    ),
    *_names(
        Kind.METHOD,
        """
        login(username, password) = Client.login
        loginWithAccessToken(accessToken) = Client.login_with_access_token
        loginWithAccessTokenGenerator(accessTokenObject) = Client.login_with_access_token_generator
        logout() = Client.logout
        register() = Client.register
        unregister() = Client.unregister
        disconnect() = Client.disconnect
        isConnected() = Client.is_connected
        isConnecting() = Client.is_connecting
        isRegistered() = Client.is_registered
        getContactUri() = Client.contact_uri
        redirect(uri) = Client.redirect
        setIdentifier() = Client.set_identifier
        getCurrentSession() = Client.current_call
        getCallUUID() = Client.call_uuid ; "" instead of null
        getLastCallUUID() = Client.last_call_uuid ; "" instead of null
        getIncomingCalls() = Client.incoming_calls
        setDebug(debug) = Client.set_debug
        getErrorStringByErrorCodes(errorCode) = Client.error_string
        webRTC() = Client.media_support
        supportedBrowsers() = Client.supported_platforms
        call(number, extraHeaders) = Client.call ; returns the call, or raises why there is none
        answer(callUUID, actionOnOtherIncomingCalls) = Client.answer, Call.answer
        reject(callUUID) = Client.reject, Call.reject ; an unknown UUID raises and touches no other call
        ignore(callUUID) = Client.ignore, Call.ignore ; an unknown UUID raises and touches no other call
        hangup() = Client.hang_up, Call.hang_up
        sendDtmf(digit) = Client.send_dtmf, Call.send_dtmf ; several at once, with pauses
        mute() = Client.mute, Call.mute
        unmute() = Client.unmute, Call.unmute
        getPeerConnection() = Call.media ; the media session
        submitCallQualityFeedback(callUUID, starRating, issues, …) = Client.submit_call_quality_feedback
        sendQualityFeedback() = Client.send_quality_feedback ; the FAQ's name for it
        setRingTone(url or boolean) = Client.set_ring_tone ; a file, an http(s) URL or a bool
        setRingToneBack(url or boolean) = Client.set_ring_tone_back ; a file, an http(s) URL or a bool
        setConnectTone(boolean) = Client.set_connect_tone
        startNoiseReduction() = Client.start_noise_reduction
        stopNoiseReduction() = Client.stop_noise_reduction
        availableDevices(filter) = Client.available_devices
        revealAudioDevices(arg) = Client.reveal_audio_devices ; its stream is `Call.local_stream`
        """,
    ),
    *_names(
        Kind.OBJECT,
        """
        microphoneDevices = Client.audio, DeviceSelection.set, DeviceSelection.get ; `client.audio.microphone`
        speakerDevices = Client.audio, DeviceSelection.reset, DeviceSelection.media ; `client.audio.speaker`
        ringtoneDevices = Client.audio, DeviceSelection.set ; `client.audio.ringtone`
        """,
    ),
    *_names(
        Kind.OPTION,
        """
        debug = Client.set_debug ; of a unit: `log.level`
        permOnClick = ClientSettings.perm_on_click
        dtmfOptions = ClientSettings.dtmf_options
        audioConstraints = VoiceSettings.echo_cancellation, VoiceSettings.noise_suppression, VoiceSettings.gain_control
        enableTracking = ClientSettings.enable_tracking
        enableQualityTracking = ClientSettings.enable_quality_tracking
        closeProtection = ClientSettings.close_protection
        dscp = MediaSettings.dscp
        allowMultipleIncomingCalls = ClientSettings.allow_multiple_incoming
        clientRegion = ClientSettings.client_region
        enableNoiseReduction = VoiceSettings.noise_suppression
        usePlivoStunServers = MediaSettings.stun ; as many as you name, all asked at once
        useDefaultAudioDevice = ClientSettings.use_default_audio_device
        stopAutoRegisterOnConnect = ClientSettings.auto_register ; the other way round
        captureSDKCrashOnly = ClientSettings.capture_sdk_crash_only
        maxAverageBitrate = MediaSettings.max_average_bitrate
        registrationRefreshTimer = ClientSettings.register_expires
        codecPreferences = MediaSettings.codecs ; the second SDK's
        rtcConfiguration = MediaSettings.stun, MediaSettings.turn ; the second SDK's
        """,
    ),
    *_names(
        Kind.EVENT,
        """
        onLogin = Login
        onLoginFailed(cause) = LoginFailed
        onLogout = Logout
        onWebSocketConnected = WebSocketConnected
        onConnectionChange = ConnectionChange
        onPermissionDenied = PermissionDenied ; not in the documents, but told by the SDK
        onCalling = Calling
        onCallRemoteRinging(callInfo) = CallRemoteRinging
        onCallConnected(callInfo) = CallConnected
        onCallAnswered(callInfo) = CallAnswered
        onMediaConnected(callInfo) = MediaConnected
        onCallTerminated(hangupInfo, callInfo) = CallTerminated
        onCallFailed(cause, callInfo) = CallFailed
        onIncomingCall(callerID, extraHeaders, callInfo, callerName) = IncomingCall
        onIncomingCallCanceled(callInfo) = IncomingCallCanceled
        onIncomingCallIgnored(callInfo) = IncomingCallIgnored
        onMediaPermission(event) = MediaPermission ; whether the sound device could be opened
        onWebrtcNotSupported = Client.media_support ; asked, not told: what is missing is known before a client starts
        onNoiseReductionReady = NoiseReductionReady
        onDtmfReceived(dtmfData) = DtmfReceived
        remoteAudioStatus(bool) = RemoteAudioStatus
        audioDeviceChange(deviceObj) = AudioDeviceChanged
        volume(audioStats) = Volume ; 20 times a second, while somebody listens
        mediaMetrics = MediaMetrics
        """,
    ),
    *_names(
        Kind.CALL,
        """
        accept(acceptOptions) = Call.answer ; with `ice_servers` and `audio_constraints`
        disconnect() = Call.hang_up
        getLocalStream() = Call.local_stream
        getRemoteStream() = Call.remote_stream
        ignore() = Call.ignore
        isMuted() = Call.muted
        mute(shouldMute) = Call.mute
        postFeedback(score, issue) = Client.post_feedback
        reject() = Call.reject
        sendDigits(digits) = Call.send_dtmf
        sendMessage(message) = Call.send_message
        status() = Call.status
        callerInfo = Call.caller_info, CallInfo.caller_info
        customParameters = Call.custom_parameters
        parameters = Call.parameters
        codec = Call.codec
        connectToken = Call.connect_token
        device.connect({connectToken}) = Client.connect
        direction = Call.direction
        """,
    ),
    *_names(
        Kind.CALL_EVENT,
        """
        accept = CallAnswered
        audio = MediaConnected ; the stream is `Call.remote_stream`
        cancel = CallFailed, IncomingCallIgnored
        disconnect = CallTerminated
        error = CallFailed, MessageFailed
        messageReceived = MessageReceived
        messageSent = MessageSent
        mute = MuteChanged
        reconnected = Reconnected
        reconnecting = Reconnecting
        reject = CallFailed ; with the cause "Rejected", originator "local"
        ringing(hasEarlyMedia) = CallRemoteRinging
        sample = Sample
        volume = Volume
        warning = WarningRaised
        warning-cleared = WarningCleared
        """,
    ),
    *_names(
        Kind.FIELD,
        """
        callUUID = CallInfo.call_uuid
        direction = CallInfo.direction
        src = CallInfo.src
        dest = CallInfo.dest
        extraHeaders = CallInfo.extra_headers
        reason = CallInfo.reason
        protocol = CallInfo.protocol
        code = CallInfo.code
        originator = CallInfo.originator
        state = CallInfo.state
        """,
    ),
)
"""All of them. The metrics of `mediaMetrics` and the names of warnings are in `quality.thresholds`."""
