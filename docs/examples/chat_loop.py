"""A chat in the terminal: the conversation grows, and answers stream. End with an empty line."""

from llm_pure import LLM, LLMConfig, unwrap, user

messages = []
with LLM(LLMConfig(api_type="openai", model="gpt-5.6-luna")) as llm:
    while question := input("> "):
        messages.append(user(question))
        with llm.stream(messages) as stream:
            for text in stream.texts():
                print(text, end="", flush=True)
        print()
        messages.append(unwrap(stream.result()).message)
