"""What can be asked of a unit over MQTT, command by command.

mqtt/command_desk ──► actions.py ──► phone_commands.py    call, hang_up, show_text, identify, dnd, volume
└──► unit_commands.py     self_test, reboot, logs, door_open, config_…
"""
