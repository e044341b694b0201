"""How fast are the streams of your own cassettes parsed? `python bench_cassettes.py cassettes/openai`"""

import sys
import time
from pathlib import Path

from llm_pure import ResponseHead, unwrap
from llm_pure.adapters import registry
from llm_pure.replay import load_cassette

for file in sorted(Path(sys.argv[1]).rglob("*stream*.yaml")):
    for interaction in unwrap(load_cassette(file)).interactions:
        provider = unwrap(registry.get(interaction.provider))
        response = interaction.response
        started = time.perf_counter()
        decoder = provider.open_stream(ResponseHead(response.status, response.headers))
        events = len(decoder.feed(response.body).value_or(()))
        micros = (time.perf_counter() - started) * 1e6
        print(f"{file.name}: {events} events, {micros / max(events, 1):.1f} µs each")
