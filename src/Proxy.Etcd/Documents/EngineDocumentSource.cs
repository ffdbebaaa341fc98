using Microsoft.Extensions.Configuration;

namespace Proxy.Etcd.Documents;

/// <summary>The place of a document that hosts share among the layers. What it is read with is known once the other layers are.</summary>
/// <param name="name">The name of the document.</param>
internal sealed class EngineDocumentSource(string name) : IConfigurationSource
{
    /// <summary>The name of the document.</summary>
    public string Name => name;

    /// <summary>The provider, once the engine is reached.</summary>
    public EngineDocumentProvider? Provider { get; set; }

    /// <inheritdoc />
    public IConfigurationProvider Build(IConfigurationBuilder builder) =>
        Provider ?? throw new InvalidOperationException($"{DocumentName.Layer(name)} was not opened.");
}
