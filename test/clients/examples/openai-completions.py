from openai import OpenAI

client = OpenAI(base_url="http://localhost:8080/v1", api_key="any")
prompt = {"model": "any", "prompt": "The capital of France is", "temperature": 0}
continued = client.completions.create(**prompt).choices[0].text
events = client.completions.create(**prompt, stream=True)
continued_pieces = [event.choices[0].text for event in events]
