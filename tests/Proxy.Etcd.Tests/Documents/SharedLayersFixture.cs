using System.Text;
using Microsoft.Extensions.Configuration;
using Proxy.Etcd.Documents;

namespace Proxy.Etcd.Tests.Documents;

/// <summary>Hosts with a local layer each and the document <c>etcd:fleet</c>, whose kept copies are in folders of their own.</summary>
internal sealed class SharedLayersFixture : IDisposable
{
    public const string Key = "/proxy/prod/config/fleet";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    /// <summary>The engine.</summary>
    public MemoryCluster Cluster { get; } = new();

    /// <summary>The log.</summary>
    public LogLines Log { get; } = new();

    /// <summary>The clock.</summary>
    public ManualTime Time { get; } = new();

    /// <summary>The folder of kept copies.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The kept copy.</summary>
    public string Copy => Path.Combine(Folder, "engine.fleet.kept");

    /// <summary>A document with one route to a cluster.</summary>
    public static string Document(string cluster) =>
        $$"""
            {
              "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "{{cluster}}" } },
                "Clusters": { "{{cluster}}": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:9" } } } }
              }
            }
            """;

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>The layers of a host: a local one, and the document.</summary>
    public ConfigurationBuilder Sources(params (string Key, string Value)[] more)
    {
        var builder = new ConfigurationBuilder();
        builder.AddInMemoryCollection(
            new Dictionary<string, string?>(more.Select(static one => KeyValuePair.Create(one.Key, (string?)one.Value)))
            {
                ["Engine:Group"] = "prod",
                ["Engine:StateFolder"] = Folder,
                ["Engine:Etcd:Endpoints:0"] = "http://127.0.0.1:2379",
            }
        );
        builder.Add(new EngineDocumentSource("fleet"));
        return builder;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
