namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>Pictures for the documentation. They are only taken if PROXY_SCREENSHOTS names a folder, so that ordinary runs change no files.</summary>
internal static class Screenshots
{
    private const int Width = 1360;
    private const int Margin = 24;

    private static readonly string? _folder = Environment.GetEnvironmentVariable("PROXY_SCREENSHOTS");

    public static bool Wanted => !string.IsNullOrEmpty(_folder);

    /// <summary>Takes a picture of the whole view, if pictures are wanted.</summary>
    public static async Task TakeAsync(Operator operators, string name, int width = Width, int height = 900)
    {
        if (!Wanted)
        {
            return;
        }

        await operators.Page.SetViewportSizeAsync(width, height);
        // Charts adapt to the width one frame later.
        await operators.Page.EvaluateAsync("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 300)))");
        // The picture ends where a short view ends.
        var end = await operators.Page.EvaluateAsync<int>(
            "Math.ceil(Math.max(...[...document.querySelector('main').children].map((part) => part.getBoundingClientRect().bottom)))"
        );
        await operators.Page.SetViewportSizeAsync(width, Math.Min(height, end + Margin));
        await operators.Page.ScreenshotAsync(new() { Path = Repository.Path(_folder!, $"dashboard-{name}.png") });
    }
}
