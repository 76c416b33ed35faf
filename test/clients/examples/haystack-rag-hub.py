from haystack import Document, Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.generators import huggingface_api

homes = {"Jean": "Paris", "Mark": "Berlin", "Giorgio": "Rome"}
store = InMemoryDocumentStore()
store.write_documents([
    Document(content=f"My name is {name} and I live in {home}.") for name, home in homes.items()
])
template = """Documents:
{% for document in documents %}{{ document.content }}
{% endfor %}Question: {{ question }}
Answer:"""
pieces = []
rag = Pipeline()
rag.add_component("retriever", InMemoryBM25Retriever(store, top_k=2))
rag.add_component("prompt", ChatPromptBuilder([ChatMessage.from_user(template)], "*"))
rag.add_component("generator", huggingface_api.HuggingFaceAPIChatGenerator(
    "text_generation_inference", {"url": "http://localhost:8080"},
    generation_kwargs={"temperature": 0},
    streaming_callback=lambda piece: pieces.append(piece.content),
))
rag.connect("retriever.documents", "prompt.documents")
rag.connect("prompt.prompt", "generator.messages")
question = "Who lives in Rome?"
answer = rag.run({"retriever": {"query": question}, "prompt": {"question": question}})
who = answer["generator"]["replies"][0].text
