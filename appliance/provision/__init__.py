"""What a unit, a broker and the people around them are given before they meet: keys and certificates."""
