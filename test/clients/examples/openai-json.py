from openai import OpenAI
from pydantic import BaseModel


class Place(BaseModel):
    town: str
    country: str


client = OpenAI(base_url="http://localhost:8080/v1", api_key="any")
answer = client.chat.completions.parse(
    model="any", messages=[{"role": "user", "content": "Describe Paris."}],
    response_format=Place, temperature=0,
)
record = answer.choices[0].message.parsed.model_dump()
