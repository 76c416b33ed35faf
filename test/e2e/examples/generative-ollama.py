import weaviate
from weaviate.classes.config import Configure, DataType, Property
from weaviate.classes.generate import GenerativeConfig
from weaviate.classes.query import Rerank

with weaviate.connect_to_local() as client:
    notes = client.collections.create(
        "Note", properties=[Property(name="text", data_type=DataType.TEXT)],
        vector_config=Configure.Vectors.text2vec_transformers(inference_url="http://t2v:8080"),
        reranker_config=Configure.Reranker.transformers(),
        generative_config=Configure.Generative.ollama(
            api_endpoint="http://t2v:8080", model="writer",
        ),
    )
    texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
    notes.data.insert_many([{"text": text} for text in texts])
    found = notes.generate.near_text(
        "towns", limit=3, rerank=Rerank(prop="text", query="Cities in France"),
        single_prompt="Which country? {text}", grouped_task="Name the cities",
        generative_provider=GenerativeConfig.ollama(temperature=0),
    )
    each = {note.properties["text"]: note.generative.text for note in found.objects}
    together = found.generative.text
