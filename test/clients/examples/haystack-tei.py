from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.huggingface_api import (
    HuggingFaceAPIDocumentEmbedder, HuggingFaceAPITextEmbedder,
)

texts = ["The London Eye is a ferris wheel at the River Thames.", "Hello, World!"]
server = {
    "api_type": "text_embeddings_inference", "normalize": True,  # it asks for raw vectors else
    "api_params": {"url": "http://localhost:8080"},
}
store = InMemoryDocumentStore(embedding_similarity_function="cosine")
indexing = Pipeline()
indexing.add_component("embedder", HuggingFaceAPIDocumentEmbedder(**server))
indexing.add_component("writer", DocumentWriter(store))
indexing.connect("embedder", "writer")
indexing.run({"embedder": {"documents": [Document(content=text) for text in texts]}})
vectors = [document.embedding for document in store.filter_documents()]

asking = Pipeline()
asking.add_component("embedder", HuggingFaceAPITextEmbedder(**server))
asking.add_component("retriever", InMemoryEmbeddingRetriever(store))
asking.connect("embedder.embedding", "retriever.query_embedding")
answer = asking.run({"embedder": {"text": "hello"}}, include_outputs_from={"embedder"})
best = answer["retriever"]["documents"][0].content
query_vector = answer["embedder"]["embedding"]
