// The vendors' npm packages as clients: reads rows [[mode, model], ...] as JSON from standard input, runs each against the server
// at the URL of the first argument, and prints one JSON line for each: {mode, model, answer}. The modes and the fields of an answer
// are those of tests/clients/official.py. node_modules lies beside this file's copy (tests/clients/npm_packages.py).

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { generateText, jsonSchema, streamText, tool } from "ai";
import { Ollama } from "ollama";
import OpenAI from "openai";

globalThis.AI_SDK_LOG_WARNINGS = false;
const url = process.argv[2];
const QUESTION = "How warm is it in Oslo and Rome?";
const DESCRIPTION = "The weather of a city.";
const PARAMETERS = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const TOOLS = [{ type: "function", function: { name: "get_weather", description: DESCRIPTION, parameters: PARAMETERS } }];

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0 });
const google = new GoogleGenAI({ apiKey: "any", httpOptions: { baseUrl: url } });
const ollama = new Ollama({ host: url });

const empty = () => ({ text: "", reasoning: "", calls: [], finish: null, usage: null, error: null, signature: null });

function errorOf(error) {
  const body = error.error?.error ?? error.error ?? {};
  let message = typeof body === "string" ? body : (body.message ?? error.message);
  const quoted = /"message":\s*"((?:[^"\\]|\\.)*)"/.exec(message);
  if (quoted) message = quoted[1];
  return [error.constructor.name, message];
}

async function buffered(read) {
  try {
    return await read();
  } catch (error) {
    return { ...empty(), error: errorOf(error) };
  }
}

async function streamed(open, read, end = () => {}) {
  const answer = empty();
  try {
    for await (const item of await open()) read(answer, item);
  } catch (error) {
    answer.error = errorOf(error);
  }
  end(answer);
  return answer;
}

// openai: chat completions

const chatBody = (model) => ({ model, messages: [{ role: "user", content: QUESTION }], tools: TOOLS });
const chatUsage = (usage) => [usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens_details?.cached_tokens ?? 0];

function chatAnswer(completion) {
  const { message, finish_reason } = completion.choices[0];
  return {
    ...empty(),
    text: (message.content ?? "") + (message.refusal ?? ""),
    reasoning: message.reasoning_content ?? "",
    calls: (message.tool_calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
    finish: finish_reason,
    usage: completion.usage ? chatUsage(completion.usage) : null,
  };
}

async function openaiChatStream(model) {
  const calls = [];
  return streamed(
    () => openai.chat.completions.create({ ...chatBody(model), stream: true, stream_options: { include_usage: true } }),
    (answer, chunk) => {
      if (chunk.usage) answer.usage = chatUsage(chunk.usage);
      for (const { delta, finish_reason } of chunk.choices) {
        answer.text += (delta.content ?? "") + (delta.refusal ?? "");
        answer.reasoning += delta.reasoning_content ?? "";
        answer.finish = finish_reason ?? answer.finish;
        for (const call of delta.tool_calls ?? []) {
          calls[call.index] ??= ["", ""];
          calls[call.index][0] += call.function.name ?? "";
          calls[call.index][1] += call.function.arguments ?? "";
        }
      }
    },
    (answer) => (answer.calls = calls.map(([name, text]) => [name, JSON.parse(text)])),
  );
}

// openai: responses

const responseBody = (model) => ({
  model,
  input: QUESTION,
  tools: [{ type: "function", name: "get_weather", description: DESCRIPTION, parameters: PARAMETERS, strict: false }],
  include: ["reasoning.encrypted_content"],
  store: false,
});

function responseAnswer(response) {
  const answer = { ...empty(), finish: response.incomplete_details?.reason ?? response.status };
  for (const item of response.output) {
    if (item.type === "message") answer.text += item.content.map((part) => part.text ?? part.refusal).join("");
    if (item.type === "reasoning") {
      answer.reasoning += item.summary.map((part) => part.text).join("");
      answer.signature = item.encrypted_content ?? null;
    }
    if (item.type === "function_call") answer.calls.push([item.name, JSON.parse(item.arguments)]);
  }
  const usage = response.usage;
  if (usage) answer.usage = [usage.input_tokens, usage.output_tokens, usage.input_tokens_details.cached_tokens];
  return answer;
}

async function openaiResponsesStream(model) {
  let final = null;
  const answer = await streamed(
    () => openai.responses.create({ ...responseBody(model), stream: true }),
    (answer, event) => {
      if (event.type === "response.output_text.delta" || event.type === "response.refusal.delta") answer.text += event.delta;
      if (event.type === "response.reasoning_summary_text.delta") answer.reasoning += event.delta;
      if (event.type === "response.completed" || event.type === "response.incomplete") final = responseAnswer(event.response);
    },
  );
  return final ?? answer;
}

// anthropic

const messageBody = (model) => ({
  model,
  max_tokens: 500,
  messages: [{ role: "user", content: QUESTION }],
  tools: [{ name: "get_weather", description: DESCRIPTION, input_schema: PARAMETERS }],
});

function messageAnswer(message) {
  const { usage } = message;
  const cached = usage.cache_read_input_tokens ?? 0;
  const input = usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0);
  const answer = { ...empty(), finish: message.stop_reason, usage: [input, usage.output_tokens, cached] };
  for (const block of message.content) {
    if (block.type === "text") answer.text += block.text;
    if (block.type === "thinking") {
      answer.reasoning += block.thinking;
      answer.signature = block.signature;
    }
    if (block.type === "tool_use") answer.calls.push([block.name, block.input]);
  }
  return answer;
}

async function anthropicStream(model) {
  const calls = [];
  const usage = {};
  return streamed(
    () => anthropic.messages.create({ ...messageBody(model), stream: true }),
    (answer, event) => {
      const { delta, content_block: block } = event;
      if (event.type === "message_start") Object.assign(usage, event.message.usage);
      if (block?.type === "tool_use") calls[event.index] = [block.name, ""];
      if (delta?.type === "text_delta") answer.text += delta.text;
      if (delta?.type === "thinking_delta") answer.reasoning += delta.thinking;
      if (delta?.type === "signature_delta") answer.signature = delta.signature;
      if (delta?.type === "input_json_delta") calls[event.index][1] += delta.partial_json;
      if (event.type === "message_delta") {
        answer.finish = delta.stop_reason;
        Object.assign(usage, event.usage);
        const cached = usage.cache_read_input_tokens ?? 0;
        answer.usage = [usage.input_tokens + cached, usage.output_tokens, cached];
      }
    },
    (answer) => (answer.calls = calls.filter(Boolean).map(([name, text]) => [name, JSON.parse(text)])),
  );
}

// google

const googleBody = (model) => ({
  model,
  contents: QUESTION,
  config: { tools: [{ functionDeclarations: [{ name: "get_weather", description: DESCRIPTION, parametersJsonSchema: PARAMETERS }] }] },
});

function addGoogle(answer, response) {
  for (const candidate of response.candidates ?? []) {
    answer.finish = candidate.finishReason ?? answer.finish;
    for (const part of candidate.content?.parts ?? []) {
      answer.signature = part.thoughtSignature ?? answer.signature;
      if (part.functionCall) answer.calls.push([part.functionCall.name, part.functionCall.args]);
      else if (part.thought) answer.reasoning += part.text ?? "";
      else answer.text += part.text ?? "";
    }
  }
  const usage = response.usageMetadata;
  if (usage) {
    const output = (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0);
    answer.usage = [usage.promptTokenCount ?? 0, output, usage.cachedContentTokenCount ?? 0];
  }
  return answer;
}

// ollama

const ollamaBody = (model) => ({ model, messages: [{ role: "user", content: QUESTION }], tools: TOOLS });

function addOllama(answer, response) {
  const { message } = response;
  answer.text += message.content ?? "";
  answer.reasoning += message.thinking ?? "";
  answer.calls.push(...(message.tool_calls ?? []).map((call) => [call.function.name, call.function.arguments]));
  if (response.done) {
    answer.finish = response.done_reason;
    answer.usage = [response.prompt_eval_count, response.eval_count, 0];
  }
  return answer;
}

// The AI SDK: a model of each of its packages

const sdkOpenai = createOpenAI({ baseURL: `${url}/v1`, apiKey: "any" });
const sdkModels = {
  ai_openai_chat: (model) => sdkOpenai.chat(model),
  ai_openai_responses: (model) => sdkOpenai.responses(model),
  ai_anthropic: createAnthropic({ baseURL: `${url}/v1`, apiKey: "any" }),
  ai_google: createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: "any" }),
  ai_compatible: createOpenAICompatible({ baseURL: `${url}/v1`, apiKey: "any", name: "compatible", includeUsage: true }),
};
const sdkCall = (model) => ({
  model,
  prompt: QUESTION,
  maxRetries: 0,
  tools: { get_weather: tool({ description: DESCRIPTION, inputSchema: jsonSchema(PARAMETERS) }) },
});
const sdkUsage = (usage) => [usage.inputTokens ?? null, usage.outputTokens ?? null, usage.inputTokenDetails?.cacheReadTokens ?? 0];

async function sdkBuffered(model) {
  return buffered(async () => {
    const result = await generateText(sdkCall(model));
    return {
      ...empty(),
      text: result.text,
      reasoning: result.reasoningText ?? "",
      calls: result.toolCalls.map((call) => [call.toolName, call.input]),
      finish: result.finishReason,
      usage: sdkUsage(result.usage),
    };
  });
}

async function sdkStream(model) {
  return streamed(
    async () => streamText({ ...sdkCall(model), onError: () => {} }).fullStream,
    (answer, part) => {
      if (part.type === "text-delta") answer.text += part.text;
      if (part.type === "reasoning-delta") answer.reasoning += part.text;
      if (part.type === "tool-call") answer.calls.push([part.toolName, part.input]);
      if (part.type === "finish" && answer.error === null) {
        answer.finish = part.finishReason;
        answer.usage = sdkUsage(part.totalUsage);
      }
      if (part.type === "error") answer.error = sdkError(part.error);
    },
  );
}

// errors of a stream are the service's objects, not exceptions
function sdkError(error) {
  if (error instanceof Error) return errorOf(error);
  const body = error?.error ?? error;
  return ["Object", body?.message ?? String(body)];
}

const modes = {
  openai_chat: (model) => buffered(async () => chatAnswer(await openai.chat.completions.create(chatBody(model)))),
  openai_chat_stream: openaiChatStream,
  openai_chat_helper: (model) =>
    buffered(async () =>
      chatAnswer(await openai.chat.completions.stream({ ...chatBody(model), stream_options: { include_usage: true } }).finalChatCompletion()),
    ),
  openai_responses: (model) => buffered(async () => responseAnswer(await openai.responses.create(responseBody(model)))),
  openai_responses_stream: openaiResponsesStream,
  openai_responses_helper: (model) => buffered(async () => responseAnswer(await openai.responses.stream(responseBody(model)).finalResponse())),
  anthropic_messages: (model) => buffered(async () => messageAnswer(await anthropic.messages.create(messageBody(model)))),
  anthropic_messages_stream: anthropicStream,
  anthropic_messages_helper: (model) => buffered(async () => messageAnswer(await anthropic.messages.stream(messageBody(model)).finalMessage())),
  google_content: (model) => buffered(async () => addGoogle(empty(), await google.models.generateContent(googleBody(model)))),
  google_content_stream: (model) => streamed(() => google.models.generateContentStream(googleBody(model)), addGoogle),
  ollama_chat: (model) => buffered(async () => addOllama(empty(), await ollama.chat(ollamaBody(model)))),
  ollama_chat_stream: (model) => streamed(() => ollama.chat({ ...ollamaBody(model), stream: true }), addOllama),
};
for (const [name, open] of Object.entries(sdkModels)) {
  modes[name] = (model) => sdkBuffered(open(model));
  modes[`${name}_stream`] = (model) => sdkStream(open(model));
}

let input = "";
for await (const chunk of process.stdin) input += chunk;
for (const [mode, model] of JSON.parse(input)) {
  const answer = await modes[mode](model);
  process.stdout.write(JSON.stringify({ mode, model, answer }) + "\n");
}
process.exit(0); // connections are kept alive
