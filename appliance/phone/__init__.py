"""The telephone: a pure state machine between fingers and calls, its screens, and the controller that joins them."""
