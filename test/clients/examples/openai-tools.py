import json

from openai import OpenAI

weather = {
    "name": "weather", "description": "The weather in a town.",
    "parameters": {
        "type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"],
    },
}
client = OpenAI(base_url="http://localhost:8080/v1", api_key="any")
messages = [{"role": "user", "content": "What is the weather in Paris?"}]
tools = [{"type": "function", "function": weather}]
question = {"model": "any", "tools": tools, "temperature": 0}
asked = client.chat.completions.create(messages=messages, **question).choices[0].message
calls = [[call.function.name, json.loads(call.function.arguments)] for call in asked.tool_calls]
result = {"role": "tool", "tool_call_id": asked.tool_calls[0].id, "content": "sunny"}
messages += [asked, result]
told = client.chat.completions.create(messages=messages, **question).choices[0].message.content
