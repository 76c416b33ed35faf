from langchain_cohere import CohereRerank
from langchain_core.documents import Document

texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
ranker = CohereRerank(
    base_url="http://localhost:8080", cohere_api_key="any", model="any", top_n=3,
)
ranked = ranker.compress_documents([Document(text) for text in texts], "Cities in France")
scores = {found.page_content: found.metadata["relevance_score"] for found in ranked}
