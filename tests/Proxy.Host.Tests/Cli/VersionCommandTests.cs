using System.Text.Json;
using Proxy.Host.Observability;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli;

public sealed class VersionCommandTests
{
    [Fact]
    public async Task Version_Table_IsOneLine()
    {
        var (exit, output, _) = await ProxyProcess.RunAsync("version");

        Assert.Equal(0, exit);
        Assert.StartsWith($"proxy {BuildVersion.Short}, .NET ", Assert.Single(output.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_Json_HasTheWholeVersion()
    {
        var (_, output, _) = await ProxyProcess.RunAsync("version", "-o", "json");

        using var answer = JsonDocument.Parse(output);
        Assert.Equal(BuildVersion.Text, answer.RootElement.GetProperty("version").GetString());
    }
}
