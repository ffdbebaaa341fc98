using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli;

/// <summary>What ends <c>proxy demo</c> at its start; that it runs is tested with the packed tool.</summary>
public sealed class DemoCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("demo-").FullName;

    [Fact]
    public async Task File_IsThereAlready_IsReadAndNotChanged()
    {
        var file = Path.Combine(_folder, "demo.json");
        const string text = """{ "ReverseProxy": { "TcpRoutes": { "greeter": { "Listn": "127.0.0.1:0" } } } }""";
        await File.WriteAllTextAsync(file, text);

        var (exit, _, errors) = await ProxyProcess.RunAsync("demo", "--file", file);

        Assert.Equal(2, exit);
        Assert.Contains(
            $"{file}:1: ReverseProxy:TcpRoutes:greeter:Listn: unknown key; did you mean 'Listen'?",
            errors,
            StringComparison.Ordinal
        );
        Assert.Equal(text, await File.ReadAllTextAsync(file));
        Assert.Equal([file], Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task File_InAFolderThatIsNotThere_ExitsWithTwoAndNamesIt()
    {
        var file = Path.Combine(_folder, "none", "demo.json");

        var (exit, _, errors) = await ProxyProcess.RunAsync("demo", "--file", file);

        Assert.Equal(2, exit);
        Assert.Contains(file, errors, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
