from haystack import Document
from haystack_integrations.components.rankers.huggingface_api import HuggingFaceTEIRanker

texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
ranker = HuggingFaceTEIRanker(url="http://localhost:8080")
answer = ranker.run(query="Cities in France", documents=[Document(content=t) for t in texts])
scores = {document.content: document.score for document in answer["documents"]}
