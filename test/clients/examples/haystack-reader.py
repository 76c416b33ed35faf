from haystack import Document, Pipeline, component
from haystack.dataclasses import ExtractedAnswer
from huggingface_hub import InferenceClient


@component
class Reader:
    """The answers to a query in each document, the best first."""

    def __init__(self, url: str):
        self.client = InferenceClient(base_url=url, token="any")

    @component.output_types(answers=list[ExtractedAnswer])
    def run(self, query: str, documents: list[Document]):
        answers = []
        for document in documents:
            got = self.client.question_answering(question=query, context=document.content)
            span = ExtractedAnswer.Span(got.start, got.end)
            answers.append(ExtractedAnswer(query, got.score, got.answer, document, None, span))
        return {"answers": sorted(answers, key=lambda answer: -answer.score)}


towns = {"France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid"}
documents = [Document(content=f"The capital of {c} is {town}.") for c, town in towns.items()]
pipeline = Pipeline()
pipeline.add_component("reader", Reader("http://localhost:8080"))
question = {"query": "What is the capital of France?", "documents": documents}
found = pipeline.run({"reader": question})["reader"]["answers"]
capital = [(answer.document.content, answer.data, answer.score) for answer in found]
