from haystack import Document
from haystack_integrations.components.embedders.huggingface_api import (
    HuggingFaceTEISparseDocumentEmbedder, HuggingFaceTEISparseTextEmbedder,
)

document = Document(content="The London Eye is a ferris wheel at the River Thames.")
embedder = HuggingFaceTEISparseDocumentEmbedder(api_base_url="http://localhost:8080")
embedded = embedder.run(documents=[document])["documents"]
asker = HuggingFaceTEISparseTextEmbedder(api_base_url="http://localhost:8080")
query = asker.run(text="hello")["sparse_embedding"]
sparse = [found.sparse_embedding.to_dict() for found in embedded] + [query.to_dict()]
