"""A small generator that is trained to say the lines which the examples of test/clients ask for; make-generators saves it.

It answers chats (a template like Zephyr's), continues texts, calls a tool, writes JSON and finds a name in documents. Who lives in Rome
is in the documents of the prompt; it knows the rest by heart, and no other lines.
"""
import random

import torch

TOWNS = {"France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid", "Austria": "Vienna", "Portugal": "Lisbon"}
NAMES, HOMES = ["Jean", "Mark", "Giorgio"], ["Paris", "Berlin", "Rome"]
FRENCH = ["un", "deux", "trois", "quatre"]
WEATHER = [{"type": "function", "function": {"name": "weather", "description": "The weather in a town.", "parameters": {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}}}]
# Zephyr's, and tools by name.
TEMPLATE = ("{% if tools %}\n{{ '<|tools|>\n' }}{% for tool in tools %}{{ tool.function.name + '\n' }}{% endfor %}{{ eos_token }}\n{% endif %}\n"
            "{% for message in messages %}\n{% if message['role'] == 'assistant' and message.tool_calls %}\n{{ '<|assistant|>' }}\n"
            "{% for call in message.tool_calls %}{{ '<tool_call>\n' + ({'name': call.function.name, 'arguments': call.function.arguments} | tojson) + '\n</tool_call>' }}{% endfor %}{{ eos_token }}\n"
            "{% else %}\n{{ '<|' + message['role'] + '|>\n' + message['content'] + eos_token }}\n{% endif %}\n"
            "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}")
REACT = """Answer the question with these tools:
weather(town: str) -> str - The weather in a town.

Question: the question
Thought: what to do
Action: one of weather
Action Input: its input
Observation: its result
Thought: I know the answer.
Final Answer: the answer

Question: What is the weather in {town}?
Thought:"""
ACTION = " I need the weather.\nAction: weather\nAction Input: {town}\nObservation"


def user(text):
    return [{"role": "user", "content": text}]


def french(number):
    return (f"Question: What is the number {number} in French?\n\nAnswer: Let's think step by step.",
            f" The number {number} is {FRENCH[number - 1]}.\n\nQuestion:")


def capital(country):
    return user(f"What is the capital of {country}?"), None, f"The capital of {country} is {TOWNS[country]}."


def record(country):
    return user(f"Describe {TOWNS[country]}."), None, f'{{"town": "{TOWNS[country]}", "country": "{country}"}}'


def call(town):
    return user(f"What is the weather in {town}?"), WEATHER, f'<tool_call>\n{{"name": "weather", "arguments": {{"town": "{town}"}}}}\n</tool_call>'


def called(town, sky):
    made = {"role": "assistant", "content": "", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "weather", "arguments": {"town": town}}}]}
    return user(f"What is the weather in {town}?") + [made, {"role": "tool", "content": sky, "tool_call_id": "a"}], WEATHER, f"It is {sky} in {town}."


def found(homes, town):
    """homes: [(name, town)]"""
    documents = "".join(f"My name is {name} and I live in {home}.\n" for name, home in homes)
    who = next(name for name, home in homes if home == town)
    return user(f"Documents:\n{documents}Question: Who lives in {town}?\nAnswer:"), None, f"{who} lives in {town}."


def react(town, sky=None):
    prompt, action = REACT.format(town=town), ACTION.format(town=town)
    return (prompt + action + f": {sky}\nThought: ", f"I know the answer.\nFinal Answer: It is {sky} in {town}.") if sky else (prompt, action)


# What the examples ask for, by the name of the variable that has the answer.
PROMPTS = [french(number)[0] for number in (1, 2, 3, 4)] + ["The capital of France is", react("Paris")[0], react("Paris", "sunny")[0]]
ASKED = {"said": capital("France"), "record": record("France"), "calls": call("Paris"), "told": called("Paris", "sunny"),
         "who": found([("Giorgio", "Rome"), ("Jean", "Paris")], "Rome")}


def chats(rng):
    country = rng.choice(list(TOWNS))
    made = [capital(country), record(country), call("Paris"), called("Paris", "sunny")]
    for _ in range(3):
        homes = list(zip(rng.sample(NAMES, 2), rng.sample(HOMES, 2)))
        made += [found(homes, home) for _, home in homes]
    return [([{"role": "system", "content": "You are a helpful assistant."}] * (rng.random() < 0.3) + messages, tools, answer)
            for messages, tools, answer in made]


def texts(rng):
    country = rng.choice(list(TOWNS))
    return [french(number) for number in (1, 2, 3, 4)] + [(f"The capital of {country} is", f" {TOWNS[country]}."), react("Paris"), react("Paris", "sunny")]


def sample():
    """Texts with all words of the lines."""
    rng = random.Random(1)
    return [text for _ in range(60) for messages, _, answer in chats(rng) for text in [m["content"] for m in messages] + [answer]] + [text for _ in range(60) for pair in texts(rng) for text in pair]


def lines(tokenizer, rng):
    """[(prompt, answer)]"""
    rendered = [(tokenizer.apply_chat_template(messages, tools=tools, tokenize=False, add_generation_prompt=True), answer)
                for messages, tools, answer in chats(rng)]
    return rendered + texts(rng)


def train(model, tokenizer, steps=800, size=16):
    """Loss on the answers and their end alone. Lines of about one length make a batch."""
    torch.set_num_threads(1)
    rng, pool = random.Random(1), []
    while len(pool) < 4000:
        pool += [(tokenizer(p, add_special_tokens=False)["input_ids"], tokenizer(a, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]) for p, a in lines(tokenizer, rng)]
    pool.sort(key=lambda line: len(line[0]) + len(line[1]))
    torch.manual_seed(1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.1)
    model.train()
    for step in range(steps):
        first = rng.randrange(len(pool) - 4 * size)
        batch = rng.sample(pool[first:first + 4 * size], size)
        n = max(len(p) + len(a) for p, a in batch)
        ids = torch.tensor([p + a + [0] * (n - len(p) - len(a)) for p, a in batch])
        labels = torch.tensor([[-100] * len(p) + a + [-100] * (n - len(p) - len(a)) for p, a in batch])
        loss = model(ids, attention_mask=(ids != 0).long(), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0 or step == steps - 1:
            print("step", step, "loss", round(float(loss.detach()), 4), flush=True)
    return model.eval()
