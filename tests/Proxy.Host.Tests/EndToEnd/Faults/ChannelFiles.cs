using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>The configuration of an instance with a Request channel, whose files a test places and spoils.</summary>
internal sealed class ChannelFiles : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("proxy-channel-");
    private readonly int _port = Ports.Free(); // of the channels, whose local addresses are those of any other instance on this machine

    private ChannelFiles(string? state) => State = state ?? Path.Combine(_folder.FullName, "state.json");

    /// <summary>The file of local addresses.</summary>
    public string State { get; }

    public string Certificate => Path.Combine(_folder.FullName, "A_1.crt");

    public string Key => Path.Combine(_folder.FullName, "A_1.key");

    /// <summary>The port of its tunnel.</summary>
    public int Tunnel { get; } = Ports.Free();

    public string Config => Path.Combine(_folder.FullName, "proxy.json");

    /// <param name="state">The file of local addresses; null for one in a folder that can be written.</param>
    public static async Task<ChannelFiles> CreateAsync(string? state = null)
    {
        var files = new ChannelFiles(state);
        var (exit, _, error) = await ProxyProcess.RunAsync("certificates", "--folder", files._folder.FullName, "A_1");
        Assert.True(exit == 0, error);
        await files.WriteAsync("orders");
        return files;
    }

    /// <summary>Writes the configuration.</summary>
    public Task WriteAsync(params string[] requests)
    {
        var items = requests.Select(name => $$""" "{{name}}": { "Type": "Request", "Connector": "{{name}}", "Port": {{_port}} } """);
        return File.WriteAllTextAsync(
            Config,
            $$"""
            { "Channels": {
                "Group": "dev", "Instance": { "Id": "A_1" },
                "Tunnel": {
                  "Url": "https://127.0.0.1:{{Tunnel}}", "Advertise": "127.0.0.1:15008",
                  "Certificate": { "Path": "{{Certificate}}", "KeyPath": "{{Key}}" },
                  "TrustBundle": "{{_folder.FullName}}/ca.crt", "TrustDomain": "example.org" },
                "Loopback": { "StateFile": "{{State}}" },
                "Membership": { "Members": { "A_1": { "Address": "127.0.0.1:15008" } } },
                "Items": { {{string.Join(',', items)}} } } }
            """
        );
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
