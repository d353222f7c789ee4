"""The shadow-testing harness: replays scenarios through two engines and keeps the gate."""
