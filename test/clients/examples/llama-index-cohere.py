from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.postprocessor.cohere_rerank import CohereRerank

texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
ranker = CohereRerank(
    base_url="http://localhost:8080", api_key="any", model="any", top_n=3,
)
nodes = [NodeWithScore(node=TextNode(text=text)) for text in texts]
ranked = ranker.postprocess_nodes(nodes, query_str="Cities in France")
scores = {found.node.text: found.score for found in ranked}
