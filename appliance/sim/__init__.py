"""Simulators that ship: panels without hardware, sound without a card, a registrar and far ends on loopback."""
