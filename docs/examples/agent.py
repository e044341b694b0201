"""An agent with two tools."""

from llm_pure import LLM, LLMConfig, run_tools, unwrap


def weather(city: str) -> str:
    """The weather now."""
    return f"21 °C in {city}"


def fahrenheit(celsius: float) -> float:
    """Convert degrees."""
    return celsius * 9 / 5 + 32


with LLM(LLMConfig(api_type="openai", model="gpt-5.6-luna")) as llm:
    print(unwrap(run_tools(llm, "How warm is Oslo, in Fahrenheit?", [weather, fahrenheit])).text)
