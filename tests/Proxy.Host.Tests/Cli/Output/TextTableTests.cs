using Proxy.Host.Cli.Output;

namespace Proxy.Host.Tests.Cli.Output;

public sealed class TextTableTests
{
    [Fact]
    public void WriteTo_Rows_AreAligned()
    {
        var table = new TextTable("ID", "NAME");
        table.Add("1", "a");
        table.Add("22222", "b");
        using var output = new StringWriter { NewLine = "\n" };

        table.WriteTo(output);

        Assert.Equal("ID     NAME\n1      a\n22222  b\n", output.ToString());
    }
}
