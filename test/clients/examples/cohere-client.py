import cohere

texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
client = cohere.ClientV2(api_key="any", base_url="http://localhost:8080")
answer = client.rerank(model="any", query="Cities in France", documents=texts)
scores = {texts[found.index]: found.relevance_score for found in answer.results}
