"""Drivers of real devices, each behind a port of `media.ports` or `phone.ports`.

```
keypad ──► keypad_scan ──► debounce     a matrix of keys; scan and debounce are pure
hook_switch ─────────────► debounce
└──► gpio_header ──► gpio_chip          pins and the thread that looks at them; gpiozero, lgpio
oled                                    a display on I2C; luma.oled
sound_cards                             what cards there are, by ids that stay
sound_card                              a microphone and a speaker; PortAudio
```
"""
