using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>Files that a crash or another program has left half written.</summary>
public sealed class DamagedFileTests : IDisposable
{
    private readonly TcpServer _server = new("hello");
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public async Task Start_HalfWrittenConfiguration_IsRefusedWithThePlace()
    {
        await File.WriteAllTextAsync(_file, Half(Routes()));

        var (exit, _, errors) = await ProxyProcess.RunAsync("--config", _file);

        Assert.Equal(2, exit);
        Assert.Matches($@"{System.Text.RegularExpressions.Regex.Escape(_file)}[(:]\d+", errors);
    }

    [Fact]
    public async Task Edit_HalfWrittenConfiguration_TheLastGoodOneStays()
    {
        await File.WriteAllTextAsync(_file, Routes());
        using var process = new ProxyProcess("", "--config", _file);
        var port = await process.PortAsync();

        await File.WriteAllTextAsync(_file, Half(Routes()));
        await Eventually.TrueAsync(() => process.Errors.Contains(_file, StringComparison.Ordinal));

        using (var client = await TcpClientSocket.ConnectAsync(port))
        {
            Assert.Equal("hello", await client.ReadAsync());
        }

        await File.WriteAllTextAsync(_file, Json.Routes(Json.Route("r") + "," + Json.Route("s", address: "127.0.0.2"), _server.Port));
        await process.PortAsync("127.0.0.2");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"Requests\": { \"orders\": 1")]
    [InlineData("{ \"Requests\": { \"orders\": 1, \"others\": 1 }, \"Ports\": {} }")]
    [InlineData("\0\0\0\0\0\0\0\0")]
    public async Task Start_DamagedChannelState_IsToldAndChannelsRun(string content)
    {
        await using var files = await ChannelFiles.CreateAsync();
        await File.WriteAllTextAsync(files.State, content);
        using var process = new ProxyProcess("", "--config", files.Config);

        await Eventually.TrueAsync(() => process.Errors.Contains($"{files.State} cannot be read", StringComparison.Ordinal));
        await Eventually.TrueAsync(() =>
            File.ReadAllText(files.State) is var text && text != content && text.Contains("orders", StringComparison.Ordinal)
        );
        Assert.False(process.HasExited, process.Errors);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_HalfWrittenCertificateOrKey_IsRefusedWithTheReason(bool certificate)
    {
        await using var files = await ChannelFiles.CreateAsync();
        var path = certificate ? files.Certificate : files.Key;
        await File.WriteAllTextAsync(path, Half(await File.ReadAllTextAsync(path)));

        var (exit, _, errors) = await ProxyProcess.RunAsync("--config", files.Config);

        Assert.Equal(1, exit);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Contains("certificate", errors, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(path, errors, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _server.Dispose();
        File.Delete(_file);
    }

    private static string Half(string text) => text[..(text.Length / 2)];

    private string Routes() => Json.Routes(Json.Route("r"), _server.Port);
}
