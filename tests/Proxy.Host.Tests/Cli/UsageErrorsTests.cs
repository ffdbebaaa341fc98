using Proxy.Host.Cli;

namespace Proxy.Host.Tests.Cli;

public sealed class UsageErrorsTests
{
    [Theory]
    [InlineData("chek", "check", "'proxy --help' lists what can be written.")]
    [InlineData("status --wtch", "--watch", "'proxy status --help' lists what can be written.")]
    [InlineData("lock paus r", "pause", "'proxy lock --help' lists what can be written.")]
    public async Task Write_Mistyped_SuggestsWhatWasMeant(string line, string meant, string help)
    {
        var lines = await WriteAsync(line);

        Assert.Contains(meant, lines);
        Assert.Equal(help, lines[^1]);
    }

    [Fact]
    public async Task Write_RequiredOptionIsMissing_NamesIt() =>
        Assert.Equal(
            ["Option '--to' is required.", "'proxy forward --help' lists what can be written."],
            await WriteAsync("forward --listen 127.0.0.1:1")
        );

    private static async Task<string[]> WriteAsync(string line)
    {
        using var errors = new StringWriter { NewLine = "\n" };
        await UsageErrors.WriteAsync(ProxyCommand.Create().Parse(line.Split(' ')), errors);
        return errors.ToString().Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }
}
