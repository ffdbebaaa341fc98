namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>The collection of tests that share one browser.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserTests : ICollectionFixture<Chromium>
{
    public const string Name = "Browser";
}
