"""The call API: `client.Client` signs in and makes calls, `call.Call` is one of them, `events` is what they say."""
