import weaviate
from weaviate.classes.config import Configure, DataType, Property

with weaviate.connect_to_local(headers={"X-OpenAI-Api-Key": "any"}) as client:
    notes = client.collections.create(
        "Note", properties=[Property(name="text", data_type=DataType.TEXT)],
        vector_config=Configure.Vectors.text2vec_openai(
            base_url="http://t2v:8080", model="any", vectorize_collection_name=False,
        ),
    )
    texts = ["Paris is in France.", "Berlin is in Germany.", "Lyon is in France."]
    notes.data.insert_many([{"text": text} for text in texts])
    found = notes.query.near_text("a German town", limit=2, include_vector=True).objects
    vectors = {note.properties["text"]: note.vector["default"] for note in found}
