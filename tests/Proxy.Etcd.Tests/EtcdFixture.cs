namespace Proxy.Etcd.Tests;

/// <summary>One etcd for the tests of a class, which use a prefix each. It is started by the first test that asks for it.</summary>
public sealed class EtcdFixture : IAsyncLifetime
{
    private Task<EtcdServer>? _server;

    /// <summary>The server.</summary>
    internal Task<EtcdServer> ServerAsync() => _server ??= EtcdServer.StartAsync();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await (await _server).DisposeAsync();
        }
    }
}
