using Microsoft.Extensions.Configuration;
using Proxy.Host.Cli.Checking;

namespace Proxy.Host.Tests.Cli.Checking;

public sealed class MergedDocumentTests
{
    [Fact]
    public void Of_ObjectsListsAndValues_AreThereAgain()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["A:B"] = "1",
                    ["A:C:0"] = "x",
                    ["A:C:1:D"] = "true",
                    ["E"] = null,
                }
            )
            .Build();

        Assert.Equal("""{"A":{"B":"1","C":["x",{"D":"true"}]},"E":null}""", MergedDocument.Of(configuration).ToJsonString());
    }

    [Fact]
    public void Of_Nothing_AnEmptyObject() => Assert.Equal("{}", MergedDocument.Of(new ConfigurationBuilder().Build()).ToJsonString());
}
