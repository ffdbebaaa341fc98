using System.CommandLine;
using Proxy.Etcd.Documents;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Documents;

/// <summary>What all commands on documents that hosts share need: the name, and the layers that say how the engine is reached.</summary>
internal sealed class DocumentOptions
{
    private readonly Argument<string> _name = new("NAME") { Description = $"The name of the document: {DocumentName.Form}." };
    private readonly Option<string[]> _layers = new("--config")
    {
        Description =
            $"The layers of this machine, of which one says how the engine is reached; by default {ConfigurationFiles.Default}. The document has its place among them if one is etcd:NAME, else it is the last.",
    };

    public void AddTo(Command command)
    {
        command.Add(_name);
        command.Add(_layers);
    }

    /// <summary>The name of the document.</summary>
    /// <exception cref="DocumentException">It cannot be a name.</exception>
    public string Name(ParseResult parsed) =>
        DocumentName.TryParse(parsed.GetValue(_name)!, out var name)
            ? name
            : throw new DocumentException(
                $"'{parsed.GetValue(_name)}' cannot be the name of a document: {DocumentName.Form}.",
                isInput: true
            );

    /// <summary>The layers, the environment included, of which one is the document.</summary>
    /// <exception cref="DocumentException">A name is wrong.</exception>
    public IConfigurationBuilder Sources(ParseResult parsed)
    {
        var layer = DocumentName.Layer(Name(parsed));
        IReadOnlyList<string> layers = parsed.GetValue(_layers) is { Length: > 0 } given ? given : [ConfigurationFiles.Default];
        return ConfigurationFiles
            .Sources(layers.Contains(layer) ? layers : [.. layers, layer])
            .AddInMemoryCollection(ProxyEnvironment.Read());
    }
}
