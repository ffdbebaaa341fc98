using System.Runtime.CompilerServices;
using Proxy.Configuration.Reading;
using Proxy.Etcd.Documents;

namespace Proxy.Host.Hosting;

/// <summary>The layers of the configuration that the command line names: files, and documents that hosts share, as <c>etcd:NAME</c>.</summary>
internal static class ConfigurationFiles
{
    /// <summary>The file that is read unless the command line names another layer.</summary>
    public const string Default = "config/proxy.json";

    private const string EnginePrefix = "etcd:";

    /// <summary>Whether a layer is a document that hosts share.</summary>
    public static bool IsShared(string layer) => layer.StartsWith(EnginePrefix, StringComparison.Ordinal);

    /// <exception cref="DocumentException">The name of a document is wrong, or a document is named twice.</exception>
    public static ConfigurationBuilder Sources(IEnumerable<string> layers)
    {
        var builder = new ConfigurationBuilder();
        foreach (var layer in layers)
        {
            builder.Add(IsShared(layer) ? Shared(layer, builder) : new JsonFileSource(layer));
        }

        return builder;
    }

    // The engine's code is loaded only where it is needed.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static EngineDocumentSource Shared(string layer, ConfigurationBuilder builder) =>
        !DocumentName.TryParse(layer, out var name)
            ? throw new DocumentException(
                $"'{layer}' cannot name a document: after '{EnginePrefix}' come {DocumentName.Form}.",
                isInput: true
            )
        : builder.Sources.OfType<EngineDocumentSource>().Any(source => source.Name == name)
            ? throw new DocumentException($"{layer} is named twice.", isInput: true)
        : new EngineDocumentSource(name);
}
